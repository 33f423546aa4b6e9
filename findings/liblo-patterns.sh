#!/usr/bin/env bash
# liblo 0.31 (Debian 12), lo_pattern_match: wildcards of a pattern cross the slashes of an address,
# not only `*` but `?` and `[!x]` too, so /a?b and /a[!x]b stand for /a/b, which OSC 1.0 rules out
# (it matches part by part). `//`, which is of OSC 1.1, works. An empty choice, {,b}, never matches.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq liblo-dev=0.31-1 liblo7=0.31-1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done

cat >look.c <<'C'
#include <lo/lo.h>
#include <stdio.h>
int main(void) {
  const char *pairs[][2] = {{"/a/b", "/a?b"},  {"/a/b", "/a[!x]b"}, {"/a/b/c", "/a/*"},
                            {"/a/b", "/a*b"},  {"/a/b/c", "//c"},   {"/a", "/a{,b}"},
                            {"/ab", "/a{,b}"}, {"/a/b", "/a/b/"}};
  for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    printf("%-6s %-8s %s\n", pairs[i][0], pairs[i][1],
           lo_pattern_match(pairs[i][0], pairs[i][1]) ? "yes" : "no");
  }
  return 0;
}
C
libraries=$(dirname root/usr/lib/*/liblo.so.7)
cc -Iroot/usr/include look.c "$libraries/liblo.so.7" -o look
LD_LIBRARY_PATH=$libraries ./look >seen
cat >expected <<'TEXT'
/a/b   /a?b     yes
/a/b   /a[!x]b  yes
/a/b/c /a/*     yes
/a/b   /a*b     yes
/a/b/c //c      yes
/a     /a{,b}   no
/ab    /a{,b}   yes
/a/b   /a/b/    no
TEXT
cat seen
diff -u expected seen
