"""Resource Groups Tagging API: what carries which tags.

::

    sources  the things of every service, with their tags
    service  the operations
"""
