"""The consumer: polls, deals messages out to lanes by key, and sees to it that each takes effect once and in order.

`poller` polls and acknowledges, `lanes` runs handlers in transactions, `inbox` drops what was taken over before,
`parking` keeps what failed until `retrier` tries it again, and `dead_letters` keeps what is past trying. Where a broker keeps no
order, `ordering` holds back what comes before its turn, and `patience` says for how long.
"""
