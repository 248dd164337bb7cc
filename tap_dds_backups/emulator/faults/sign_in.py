"""Faults that only a sign-in can have."""

from __future__ import annotations

from dataclasses import replace

from tap_dds_backups.emulator.answers import Answer
from tap_dds_backups.emulator.faults.fault import (
    Exchange,
    Fault,
    Page,
    altered,
    with_body,
    with_header,
)


def _without_token(answer: Answer, _: Exchange) -> Answer:
    kept = {k: v for k, v in answer.headers.items() if k.lower() != "x-subject-token"}
    return replace(answer, headers=kept)


def _other_project(page: Page, _: Exchange) -> None:
    page["token"]["project"] = {"id": "0" * 32, "name": "elsewhere"}


def _without_project(page: Page, _: Exchange) -> None:
    page["token"].pop("project", None)


def _expired_at_once(page: Page, _: Exchange) -> None:
    page["token"]["expires_at"] = page["token"]["issued_at"]


SIGN_IN = (
    Fault("no_subject_token", "no X-Subject-Token", _without_token),
    Fault("blank_subject_token", "X-Subject-Token blank", with_header("X-Subject-Token", " ")),
    Fault("wrong_token", "a token that nobody takes", with_header("X-Subject-Token", "MIIwrong")),
    Fault("empty_token_body", "an object without facts", with_body(b'{"token":{}}')),
    Fault(
        "token_other_project", "a token of another project", altered(_other_project, key="token")
    ),
    Fault("token_without_project", "a token of no project", altered(_without_project, key="token")),
    Fault(
        "token_expired", "a token that has ended already", altered(_expired_at_once, key="token")
    ),
    Fault("sign_in_200", "200 in the place of 201", lambda answer, _: replace(answer, status=200)),
)
