#!/usr/bin/env bash
# A Debian arm64 root under qemu-user: what Raspberry Pi OS 64-bit is made of, on a machine that is no Pi.
#
#   root.sh check                     what is missing here, in one line
#   root.sh build                     builds the root and its Python environment once; prints the root's path
#   root.sh enter USER COMMAND...     runs a command in it, in USER's home folder
#
# OS: bookworm (Debian 12, Python 3.11) or trixie (Debian 13, Python 3.13).  PI_CACHE: where roots and wheels are kept.
# PI_MIRROR: a Debian mirror (default: the one that this machine's apt uses).  PI_PYTHON: downloads the wheels.
#
# Everything is mounted in a mount namespace of its own, which the kernel undoes with the last process in it, however
# that one ends: nothing is ever mounted in the root as the rest of the machine sees it.
set -euo pipefail

OS=${OS:-bookworm}
CACHE=${PI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/splitlite/pi}
PYTHON=${PI_PYTHON:-python3}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REQUIREMENTS=$HERE/../../device/requirements.txt
PACKAGES=python3,python3-venv,openssh-server,rsync,gcc,libc6-dev
RECIPE=1 # raise it when a root that was built before no longer serves
ROOT=$CACHE/$OS
STAMP=etc/splitlite-root
BINFMT=/proc/sys/fs/binfmt_misc

say() { printf '%s\n' "make pi: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

check() {
    local missing=() packages=() pair
    case $OS in bookworm | trixie) ;; *) fail "OS=$OS is unknown; bookworm or trixie" ;; esac
    for pair in debootstrap:debootstrap qemu-aarch64-static:qemu-user-static unshare:util-linux ssh:openssh-client \
        rsync:rsync; do
        [ -n "$(PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}")" ] || {
            missing+=("${pair%%:*}")
            packages+=("${pair##*:}")
        }
    done
    [ ${#missing[@]} -eq 0 ] || fail "${missing[*]} not found; apt-get install ${packages[*]} (as root)"
    [ "$(id -u)" = 0 ] || fail "needs root, for chroot and mounts: sudo make pi"
}

# binfmt_misc: the kernel hands arm64 programs to qemu. F: it opens qemu now, so that a chroot need not hold it.
register_qemu() {
    [ "$(uname -m)" != aarch64 ] || return 0
    [ -e $BINFMT/register ] || mount -t binfmt_misc binfmt_misc $BINFMT 2>/dev/null ||
        fail "binfmt_misc cannot be mounted (a container without the right to?)"
    if [ ! -e $BINFMT/qemu-aarch64 ]; then
        if [ -f /usr/lib/binfmt.d/qemu-aarch64.conf ]; then
            cat /usr/lib/binfmt.d/qemu-aarch64.conf >$BINFMT/register
        else
            update-binfmts --enable qemu-aarch64 2>/dev/null || true
        fi
    fi
    grep -qs '^flags:.*F' $BINFMT/qemu-aarch64 ||
        fail "the kernel does not start arm64 programs with qemu (flag F); reinstall qemu-user-static"
}

# The mirror in apt's own lists: behind a local mirror debootstrap's default may not be reachable.
mirror() {
    if [ -n "${PI_MIRROR:-}" ]; then
        printf '%s\n' "$PI_MIRROR"
        return
    fi
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
        sed -nE 's#^(URIs: *|deb +(\[[^]]*\] +)?)(https?://[^ ]*/debian/?)( .*)?$#\3#p' | head -n 1
}

# The processors of a Raspberry Pi 4, as many as there are here. qemu before 8.2 shows the host's /proc/cpuinfo, and on
# one of another architecture ai-edge-litert crashes as it looks for the processors.
cpuinfo() {
    local number
    for ((number = 0; number < $(nproc); number++)); do
        printf '%-16s: %s\n' processor $number BogoMIPS 108.00 Features 'fp asimd evtstrm crc32 cpuid' \
            'CPU implementer' 0x41 'CPU architecture' 8 'CPU variant' 0x0 'CPU part' 0xd08 'CPU revision' 3
        echo
    done
}

# Runs "$@" with the root's /proc, /sys and /dev mounted. Without /sys the runtime does not find the processors, and
# XNNPACK does not start. The process namespace takes a forgotten sshd along when the command ends, or is killed.
# It does not return: call it in a subshell to go on after it.
inside() {
    local root=$1
    shift
    [ -f "$root/etc/splitlite-cpuinfo" ] || cpuinfo >"$root/etc/splitlite-cpuinfo"
    # shellcheck disable=SC2016 # expanded by the inner shell
    exec unshare --mount --propagation private --pid --fork --kill-child bash -euc '
        root=$1; shift
        mount -t proc proc "$root/proc"
        mount --bind "$root/etc/splitlite-cpuinfo" "$root/proc/cpuinfo"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive QEMU_CPU=cortex-a72 "$@"' bash "$root" "$@"
}

enter() {
    local user=$1
    shift
    register_qemu
    # shellcheck disable=SC2016
    inside "$ROOT" su "$user" -s /bin/sh -c 'cd && exec "$0" "$@"' -- "$@"
}

build() {
    mkdir -p "$CACHE"
    exec 9>"$CACHE/.$OS.lock"
    flock 9
    register_qemu
    if [ "$(cat "$ROOT/$STAMP" 2>/dev/null)" != "$RECIPE $PACKAGES" ]; then
        build_root
    fi
    build_environment
    printf '%s\n' "$ROOT"
}

build_root() {
    local scratch log uri proxy
    log=$CACHE/$OS.log
    uri=$(mirror)
    proxy=$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null || true)
    eval "$proxy"
    rm -rf --one-file-system "$CACHE/.$OS".??????
    scratch=$(mktemp -d "$CACHE/.$OS.XXXXXX")
    # shellcheck disable=SC2064 # expanded now: the variable is local
    trap "rm -rf --one-file-system '$scratch'" EXIT
    chmod 755 "$scratch"
    say "building a Debian $OS arm64 root in $ROOT (once; 5 to 15 minutes; log: $log)"
    http_proxy=${http_proxy:-${proxy:-}} PATH=$PATH:/usr/sbin:/sbin debootstrap --foreign --arch=arm64 \
        --variant=minbase --include=$PACKAGES "$OS" "$scratch" ${uri:+"$uri"} >"$log" 2>&1 9>&- ||
        fail "debootstrap failed: $(tail -n 1 "$log") (PI_MIRROR=... chooses a mirror; log: $log)"
    # Nobody needs these files to outlive a power failure, or the manuals.
    mkdir -p "$scratch/etc/dpkg/dpkg.cfg.d"
    printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
        'path-exclude=/usr/share/locale/*' >"$scratch/etc/dpkg/dpkg.cfg.d/splitlite"
    (inside "$scratch" /debootstrap/debootstrap --second-stage) >>"$log" 2>&1 9>&- ||
        fail "debootstrap's second stage failed: $(tail -n 1 "$log") (log: $log)"
    # Neither a password nor a lock, which would keep ssh out too.
    (inside "$scratch" useradd --create-home --shell /bin/bash --password '*' pi) >>"$log" 2>&1 9>&- ||
        fail "no user pi could be made: $(tail -n 1 "$log")"
    rm -rf "$scratch"/var/cache/apt/archives/*.deb
    printf '%s\n' "$RECIPE $PACKAGES" >"$scratch/$STAMP"
    rm -rf --one-file-system "$ROOT"
    mv "$scratch" "$ROOT"
    trap - EXIT
}

# device/requirements.txt in a virtual environment, as README.md has it. The wheels come from the host's pip: slow
# as emulation is, it need not do TLS too.
build_environment() {
    local version wheels stamp home=$ROOT/home/pi/splitlite
    version=$(inside "$ROOT" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 9>&-)
    stamp=$(sha256sum <"$REQUIREMENTS")
    [ "$(cat "$home/venv/.ready" 2>/dev/null)" != "$stamp" ] || return 0
    say "installing device/requirements.txt for Python $version in it"
    wheels=$CACHE/wheels-$version
    "$PYTHON" "$HERE/wheels.py" "$REQUIREMENTS" "$version" "$wheels" >&2 || exit 1
    rm -rf "$home/venv" "$home/wheels"
    mkdir -p "$home"
    cp -r "$wheels" "$home/wheels"
    cp "$REQUIREMENTS" "$home/requirements.txt"
    chown -R "$(stat -c %u:%g "$ROOT/home/pi")" "$home"
    # shellcheck disable=SC2016
    (inside "$ROOT" su pi -s /bin/sh -c 'cd && cd splitlite && python3 -m venv venv &&
        venv/bin/pip install --quiet --disable-pip-version-check --no-index --find-links wheels -r requirements.txt') \
        >&2 9>&- || fail "pip cannot install device/requirements.txt in the root"
    rm -rf "$home/wheels" "$home/requirements.txt"
    printf '%s\n' "$stamp" >"$home/venv/.ready"
}

[ $# -ge 1 ] || fail "usage: root.sh check | build | enter USER COMMAND..."
action=$1
shift
check
case $action in
check) ;;
build) build ;;
enter) enter "$@" ;;
*) fail "unknown action $action" ;;
esac
