"""Security schemes, and requirements that name them."""

from __future__ import annotations

from collections.abc import Mapping

from eda_gen.asyncapi.grammar.formats import URL
from eda_gen.asyncapi.grammar.types import TEXT, Choice, Entries, Findings, Items, Object, Switch, Type, merged
from eda_gen.source import Node

__all__ = ["REQUIREMENT", "scheme", "schemes_named"]

_BASE: Mapping[str, Type] = {"type": TEXT, "description": TEXT}
_SCOPED = ("oauth2", "openIdConnect")

REQUIREMENT = Entries(Items(TEXT, unique=True))
"""2.x: names of schemes, each with the scopes that are needed."""


def scheme(minor: int, *, v3: bool) -> Type:
    """The Security Scheme Object: which fields it has depends on its `type`."""
    kinds = _kinds(v3=v3)
    if minor == 0 and not v3:
        kinds = {
            name: kind for name, kind in kinds.items() if name not in ("plain", "scramSha256", "scramSha512", "gssapi")
        }
    unknown = Object("Security Scheme Object", {"type": Choice(tuple(kinds))}, ("type",), open=True)
    return Switch(lambda node: kinds.get(node.text_at("type") or "", unknown))


def _kinds(*, v3: bool) -> dict[str, Object]:
    scopes: Mapping[str, Type] = {"scopes": Items(TEXT)} if v3 else {}
    simple = (
        "userPassword",
        "X509",
        "symmetricEncryption",
        "asymmetricEncryption",
        "plain",
        "scramSha256",
        "scramSha512",
        "gssapi",
    )
    kinds = {name: _scheme({}, ()) for name in simple}
    kinds["apiKey"] = _scheme({"in": Choice(("user", "password"))}, ("in",))
    kinds["httpApiKey"] = _scheme({"name": TEXT, "in": Choice(("query", "header", "cookie"))}, ("name", "in"))
    kinds["http"] = Object(
        "Security Scheme Object",
        merged(_BASE, {"scheme": TEXT, "bearerFormat": TEXT}),
        ("scheme",),
        rules=(_bearer_only,),
    )
    kinds["oauth2"] = _scheme(merged({"flows": _flows("availableScopes" if v3 else "scopes")}, scopes), ("flows",))
    kinds["openIdConnect"] = _scheme(merged({"openIdConnectUrl": URL}, scopes), ("openIdConnectUrl",))
    return kinds


def _scheme(fields: Mapping[str, Type], required: tuple[str, ...]) -> Object:
    rules = (own_scopes_allowed,) if "scopes" in fields else ()
    return Object("Security Scheme Object", merged(_BASE, fields), required, rules=rules)


def _bearer_only(node: Node, findings: Findings) -> None:
    if node.get("bearerFormat") is not None and (node.text_at("scheme") or "bearer").lower() != "bearer":
        findings.report("02", "`bearerFormat` is for the `scheme` `bearer` only", node.key_span("bearerFormat"))


def _flows(scopes: str) -> Object:
    """OAuth Flows Object. `scopes` is what the field is called that lists a flow's scopes: 3.0 renamed it."""

    def flow(*urls: str) -> Object:
        known: Mapping[str, Type] = {
            **dict.fromkeys(urls, URL),
            "refreshUrl": URL,
            scopes: Entries(TEXT, extensible=True),
        }
        return Object("OAuth Flow Object", known, (*urls, scopes))

    return Object(
        "OAuth Flows Object",
        {
            "implicit": flow("authorizationUrl"),
            "password": flow("tokenUrl"),
            "clientCredentials": flow("tokenUrl"),
            "authorizationCode": flow("authorizationUrl", "tokenUrl"),
        },
    )


def schemes_named(root: Node, requirements: Node, findings: Findings) -> None:
    """2.x: a requirement names a scheme of the document's components, and only scopes that it has."""
    schemes = root.get("components", "securitySchemes")
    for requirement in requirements.items:
        for name, scopes in requirement.fields.items():
            declared = schemes.fields.get(name) if schemes is not None else None
            if declared is None:
                message = f"there is no security scheme `{name}` in `components.securitySchemes`"
                findings.report("10", message, requirement.key_span(name))
                continue
            found = findings.workspace.resolve(declared)
            if found is not None:
                scopes_allowed(found, scopes, findings)


def scopes_allowed(found: Node, scopes: Node, findings: Findings) -> None:
    """Scopes are for OAuth2 and OpenID Connect; OAuth2's are those that its flows list."""
    kind = found.text_at("type")
    if kind is not None and kind not in _SCOPED and scopes.items:
        findings.report(
            "11", f"a security scheme of the type `{kind}` has no scopes: the list is empty", scopes.items[0].span
        )
    known = _scopes_of(found)
    if kind != "oauth2" or not known:
        return
    for scope in scopes.items:
        if scope.text is not None and scope.text not in known:
            findings.report("11", f"no flow of the security scheme lists the scope `{scope.text}`", scope.span)


def _scopes_of(found: Node) -> frozenset[str]:
    flows = found.get("flows")
    listed = [
        flow.get(field)
        for flow in (flows.fields.values() if flows is not None else ())
        for field in ("scopes", "availableScopes")
    ]
    return frozenset(name for each in listed if each is not None for name in each.fields)


def own_scopes_allowed(node: Node, findings: Findings) -> None:
    """3.x: a scheme lists the scopes that are needed of those that its flows have."""
    scopes = node.get("scopes")
    if scopes is not None:
        scopes_allowed(node, scopes, findings)
