// Trystero draws its own id from Math.random when it is loaded; the smaller id of two offers.
// This makes the first characters of that id known. Call it before Trystero is imported.
const alphabet = '0123456789AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz';

export function steerSelfId(prefix) {
  const random = Math.random;
  const first = [...prefix].map((c) => (alphabet.indexOf(c) + 0.5) / alphabet.length);
  Math.random = () => (first.length ? first.shift() : random());
}
