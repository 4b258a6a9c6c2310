"""Where a request comes from, to count what comes from there."""

from ipaddress import IPv6Address, ip_address

from fastapi import Request


def address_of(request: Request) -> str:
    """The address that asks; of IPv6 the network of one subscriber (/64). Empty where there is none.

    Who holds the connection is who asks, unless that is one of the proxies the installation names:
    then whom it says last (X-Forwarded-For), which is what it saw itself.
    """
    address = request.client.host if request.client is not None else ""
    if address in request.app.state.proxies:
        said = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
        address = said or address
    return _network(address)


def _network(address: str) -> str:
    """As it is counted.

    >>> _network("192.0.2.7"), _network("2001:db8::1:2:3:4"), _network("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::', '192.0.2.7')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found)
