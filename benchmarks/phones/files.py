"""Each phone is an open file, here as in the server."""

import resource


def allow_files(wanted: int) -> int:
    """Raise this process's limit of open files to `wanted` as far as the system lets us; how many may be open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return soft
    enough = hard == resource.RLIM_INFINITY or hard >= wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard if enough else wanted))
    except (ValueError, OSError):  # only root may lift the hard limit, and not everywhere
        wanted = hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
