"""What must happen at once, as the server's scripts."""

from __future__ import annotations

__all__ = ["MOVE_CURSOR", "TRIM", "WRITE_LEDGER"]

WRITE_LEDGER = """
if (redis.call('HGET', KEYS[1], 'revision') or '0') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'document', ARGV[1], 'revision', ARGV[2] + 1)
return 1
"""
"""Replaces a ledger unless its revision is another by now."""

MOVE_CURSOR = """
local document = redis.call('HGET', KEYS[1], 'document')
if not document or cjson.decode(document)['owners'][ARGV[1]] ~= ARGV[2] then return 0 end
redis.call('XGROUP', 'SETID', KEYS[2], ARGV[3], ARGV[4], 'ENTRIESREAD', ARGV[5])
return 1
"""
"""Moves a group's position in a partition, unless the ledger says that another worker owns it."""

TRIM = """
local function before(a, b)
    local a_time, a_number = string.match(a, '(%d+)-(%d+)')
    local b_time, b_number = string.match(b, '(%d+)-(%d+)')
    a_time, b_time = tonumber(a_time), tonumber(b_time)
    if a_time ~= b_time then return a_time < b_time end
    return tonumber(a_number) < tonumber(b_number)
end
local now = redis.call('TIME')
local keep = string.format('%.0f-0', math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[1]))
if ARGV[2] ~= '1' and redis.call('EXISTS', KEYS[1]) == 1 then
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
        local read = group[8]
        local time, number = string.match(read, '(%d+)-(%d+)')
        local unread = time .. '-' .. string.format('%.0f', tonumber(number) + 1)
        if before(unread, keep) then keep = unread end
    end
end
return redis.call('XTRIM', KEYS[1], 'MINID', keep)
"""
"""Deletes a partition's messages that are older than so many milliseconds; not what a group has not read, unless told to."""
