"""The DDS REST API: sign-in, requests, pages. Knows neither Singer nor Airbyte."""
