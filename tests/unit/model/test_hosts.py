"""An App's proof goes to the API of its own host."""

import pytest

from gitlease.model.hosts import api_url_of


@pytest.mark.parametrize(
    ("host", "api"),
    [
        ("github.com", "https://api.github.com"),
        ("octo.ghe.com", "https://api.octo.ghe.com"),
        ("octo.ghe.com:8443", "https://api.octo.ghe.com:8443"),
        ("ghe.com", "https://ghe.com/api/v3"),
        ("octo.notghe.com", "https://octo.notghe.com/api/v3"),
        ("ghe.example.com:8443", "https://ghe.example.com:8443/api/v3"),
    ],
)
def test_the_api_is_where_github_documents_it(host: str, api: str) -> None:
    assert api_url_of(host) == api
