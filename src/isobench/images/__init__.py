"""From a Dockerfile to the same bits everywhere: image, root file system, VM disk, guest kernel."""
