; What Csound hears on $LISTEN goes back to $ANSWER: /fader as f, /on as i, /wide as d.
<CsoundSynthesizer>
<CsInstruments>
sr = 48000
ksmps = 480
nchnls = 1
0dbfs = 1
gilisten OSCinit $LISTEN

instr 1
kfader init 0
kon init 0
kwide init 0
ksent init 0
faders:
  kheard OSClisten gilisten, "/fader", "f", kfader
  if kheard == 0 kgoto switches
  ksent += 1
  OSCsend ksent, "127.0.0.1", $ANSWER, "/csound/fader", "f", kfader
  kgoto faders
switches:
  kheard OSClisten gilisten, "/on", "i", kon
  if kheard == 0 kgoto wides
  ksent += 1
  OSCsend ksent, "127.0.0.1", $ANSWER, "/csound/on", "i", kon
  kgoto switches
wides:
  kheard OSClisten gilisten, "/wide", "d", kwide
  if kheard == 0 kgoto done
  ksent += 1
  OSCsend ksent, "127.0.0.1", $ANSWER, "/csound/wide", "d", kwide
  kgoto wides
done:
  prints "listening\n"
endin
</CsInstruments>
<CsScore>
i 1 0 86400
</CsScore>
</CsoundSynthesizer>
