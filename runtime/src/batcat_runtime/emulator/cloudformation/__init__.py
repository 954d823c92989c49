"""CloudFormation of our own: strict about what it takes, honest about what it does.

How a request flows, in the order of the rooms::

    service ─▶ changesets ─▶ stacks ─▶ registry     operations of the API, and the stacks there are
                   │            │
                   ▼            ▼
                 plan        operations ─▶ apply ─▶ resources/     what would change; doing it
                   │            │
                   └──▶ model ◀─┘     template, lint, parameters, sam, intrinsics, graph, schemas

``checking`` is a process of its own that ``lint``, ``sam`` and ``schemas`` ask through ``checker``.
Everything a template holds is checked before anything is planned, and everything is planned before
anything is made.
"""

from __future__ import annotations
