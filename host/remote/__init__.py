"""The device over ssh: deploy, bench, collect, with the system's own ssh, rsync and scp."""
