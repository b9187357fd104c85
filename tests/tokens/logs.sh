#!/bin/sh
# What tools print, as agents meet it: logs.sh train|held FOLDER TREE
# Another machine prints other logs; they are counted where they are made.
split=$1 out=$2 tree=$3
mkdir -p "$out" || exit
cd "$out" || exit
keep() { head -c "${2:-40000}" >"$1"; }
exec 2>/dev/null
if [ "$split" = train ]; then
	keep dpkg </var/log/dpkg.log
	keep apt-history </var/log/apt/history.log
	keep apt-term </var/log/apt/term.log
	keep alternatives </var/log/alternatives.log
	ls -laR /usr/lib/python3* | keep lsR
	ls -la /usr/bin | keep lsbin
	ps auxww | keep ps
	cat /proc/meminfo /proc/cpuinfo | keep proc
	cat /proc/self/maps | keep maps
	strace -f -o strace1 ls -la / >/dev/null
	strace -tt -T -f -o strace2 git -C "$tree" status >/dev/null
	nm -D /lib/x86_64-linux-gnu/libc.so.6 | keep nm
	objdump -d /bin/true | keep objdump
	xxd /bin/ls | keep xxd
	readelf -a /bin/ls | keep readelf
	sha256sum /usr/bin/* | keep sha256
	apt-cache show git gcc clang | keep aptshow
	dpkg -l | keep dpkgl
	base64 /bin/ls | keep base64
	find / -xdev | keep find
	du -a /usr/share/doc | keep du
	for f in "$HOME"/.npm/_logs/*.log; do keep "${f##*/}" <"$f"; done
	exit 0
fi
PATH=$tree/build/bin:$PATH
make -C "$tree" -n -B | keep make
strace -f -o strace-orch git orch >/dev/null
strace -tt -yy -o strace-h git-orch -h >/dev/null
git -C "$tree" log --stat -20 | keep log-stat
git -C "$tree" log --format=fuller -40 | keep log-fuller
git -C "$tree" log --oneline -150 | keep log-oneline
git -C "$tree" log -p -3 | keep log-p
git -C "$tree" log --graph --raw -30 | keep log-raw
git -C "$tree" ls-tree -r HEAD | keep ls-tree
git -C "$tree" ls-files -s | keep ls-s 7000
GIT_TRACE=1 GIT_TRACE2_EVENT=1 git -C "$tree" status 2>&1 | keep trace2
GIT_TRACE=1 GIT_TRACE_PERFORMANCE=1 git -C "$tree" log -1 2>&1 | keep trace
ls -la --time-style=full-iso "$tree" "$tree"/* | keep lsl
stat "$tree"/common/base/* | keep stat
nm "$tree/build/bin/git-orch" | keep nm 30000
size "$tree"/build/common/*/*.o | keep size
readelf -SW "$tree/build/bin/git-orch" | keep readelf
hexdump -C "$tree/build/bin/git-orch" | keep hexdump 20000
objdump -d "$tree/build/common/base/text.o" | keep objdump 30000
b2sum "$tree"/common/*/* | keep b2sum
md5sum "$tree"/common/*/* | keep md5
base64 "$tree/build/common/base/text.o" | keep base64 10000
openssl genrsa 2048 | keep pem
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout /dev/null |
	openssl x509 -text | keep x509
valgrind -v git-orch -h 2>&1 | keep valgrind
top -b -n1 | keep top
mount | keep mount
cat /proc/self/smaps | keep smaps 30000
for i in $(seq 40); do
	echo "$(date -Is) INFO  [worker-$((i % 4))] request id=$(cat /proc/sys/kernel/random/uuid)" \
		"path=/api/v1/items/$((i * 7919)) status=$((200 + i % 5)) dur=$((i * 37)).${i}ms"
done | keep uuids
"$tree/build/tests/unit/test_text" 2>&1 | keep tap
cppcheck --enable=all "-I$tree/common" "$tree"/common/base/t*.c 2>&1 | keep cppcheck
gcc -v -Q --help=optimizers 2>&1 | keep gcc-options
echo 'int main(){return x+y+foo(1,"a")}' | gcc -fdiagnostics-format=json -x c - 2>&1 | keep gcc-json
clang -fsyntax-only -Weverything -std=c11 -D_GNU_SOURCE "-I$tree/common" \
	"$tree"/common/base/s*.c 2>&1 | keep clang-warnings
gdb -batch -ex 'info functions' "$tree/build/bin/git-orch" | keep gdb 20000
python3 -X importtime -c 'import json,re,http.client' 2>&1 | keep python-imports
python3 -v -c 'import json' 2>&1 | keep python-v 20000
(cd "$tree" && tests/run.sh build tests/cmd/help.bats) 2>&1 | keep bats
apt-get -s install gimp 2>&1 | keep apt-get
dpkg -L coreutils | keep dpkg-files
exit 0
