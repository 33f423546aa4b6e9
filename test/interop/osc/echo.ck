// What ChucK hears on the first port goes back to the second as it reads it.
OscIn in;
OscMsg heard;
OscOut out;
Std.atoi(me.arg(0)) => in.port;
in.listenAll();
out.dest("127.0.0.1", Std.atoi(me.arg(1)));
chout <= "listening" <= IO.newline();
chout.flush();
while (true) {
  in => now;
  while (in.recv(heard)) {
    out.start("/chuck" + heard.address);
    if (heard.address == "/on") out.add(heard.getInt(0));
    else out.add(heard.getFloat(0));
    out.send();
  }
}
