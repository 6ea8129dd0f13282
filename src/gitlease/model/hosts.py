"""Where the REST API of a GitHub host is, by the host's name alone."""


def api_url_of(host: str) -> str:
    """
    Return the API's address for *host*: github.com, `sub.ghe.com`, or a server of one's own.

    Source: GitHub docs, "Getting started with the REST API", and the same for GitHub Enterprise
    Server and for GitHub Enterprise Cloud with data residency.
    """
    if host == "github.com" or host.partition(":")[0].endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"https://{host}/api/v3"
