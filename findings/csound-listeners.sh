#!/usr/bin/env bash
# Csound 6.18 (Debian 12), OSClisten: of two notes that listen to one address the newer hears all, and
# when it ends, the older one is deaf for good: the end of a note takes the address from all notes.
# A note for each touch of a pad, as one writes it for sound, thus ends all listening there.
set -euo pipefail
folder=$(mktemp -d)
csound=
trap '[ -z "$csound" ] || kill "$csound" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq csound=1:6.18.1+dfsg-1 libcsound64-6.0=1:6.18.1+dfsg-1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
libraries=$(dirname "$(pwd)"/root/usr/lib/*/libcsound64.so.6.0)

cat >look.csd <<'CSD'
<CsoundSynthesizer>
<CsInstruments>
sr = 48000
ksmps = 480
nchnls = 1
giport OSCinit $PORT

; Note 1 begins note 2, which ends with the first message that it hears.
instr 1
  kvalue init 0
  kcount init 0
again:
  kheard OSClisten giport, "/x", "f", kvalue
  if kheard == 0 kgoto done
  kcount += 1
  printf "> note %g hears %g\n", kcount, p4, kvalue
  if p4 == 2 then
    turnoff
  else
    schedulek 1.2, 0, 100, 2
  endif
  kgoto again
done:
  prints "> note %g listens\n", p4
endin

instr 2
  kvalue init 0
  kcount init 0
again:
  kheard OSClisten giport, "/notes", "f", kvalue
  if kheard == 0 kgoto done
  kcount += 1
  knotes active 1
  printf "> %g sounds\n", kcount, knotes
  kgoto again
done:
endin
</CsInstruments>
<CsScore>
i 2 0 100
i 1.1 0 100 1
</CsScore>
</CsoundSynthesizer>
CSD
port=$(node -e 'const s = require("dgram").createSocket("udp4").bind(0, () => (console.log(s.address().port), s.close()))')
mkfifo said
LD_LIBRARY_PATH=$libraries OPCODE6DIR64=$libraries/csound/plugins64-6.0 root/usr/bin/csound \
  -d -m0 -odac -+rtaudio=null --omacro:PORT="$port" look.csd >/dev/null 2>said &
csound=$!
exec 3<said
hear() { # the next line of the orchestra
  while read -r -t 60 line <&3; do
    [[ $line == *'> '* ]] && echo "${line##*> }" && return
  done
  return 1
}
send() { printf "$1\\0\\0,f\\0\\0$2" >"/dev/udp/127.0.0.1/$port"; }
notes() { printf "/notes\\0\\0,f\\0\\0\\0\\0\\0\\0" >"/dev/udp/127.0.0.1/$port"; }
{
  hear
  send /x '\x3f\x80\0\0'
  hear
  hear
  send /x '\x40\0\0\0'
  hear
  notes
  hear
  send /x '\x40\x40\0\0'
  # What note 1 had heard would be said before the second of these.
  for _ in 1 2; do
    notes
    hear
  done
} >seen
cat seen
diff -u - seen <<'TEXT'
note 1 listens
note 1 hears 1
note 2 listens
note 2 hears 2
1 sounds
1 sounds
1 sounds
TEXT
