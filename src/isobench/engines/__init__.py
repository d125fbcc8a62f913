"""Finding or starting what the targets need: Docker, libvirt, the bridge between them, and the proof of KVM."""
