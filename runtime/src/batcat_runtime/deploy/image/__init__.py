"""The image of the steps: lock → inputs → build → push.

``lock`` pins packages and base · ``inputs`` is what an image is made from, and its name ·
``builders`` are Docker and buildah · ``build`` and ``push`` use them · ``repository`` is ECR ·
``index`` is where packages come from.

An image's tag is the hash of all it is made from, so whether it is there already can be asked
without building it, and a deployment finds the digest of what it is about to run in ECR itself.
"""

from __future__ import annotations
