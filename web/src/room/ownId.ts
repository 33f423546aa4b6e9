// To be imported before Trystero, which draws its id from Math.random as it is loaded and has no other
// way to choose one. Patchies lets the lowest-sorting id lead the tempo of a room, and this page does not
// speak of tempo. So its id sorts behind those of patches; the programs' ids, with one more z, behind it.
const prefix = 'zzzy';
const alphabet = '0123456789AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz'; // core/dist/utils.mjs

const random = Math.random;
let drawn = 0;
Math.random = () => {
  const letter = prefix[drawn++] ?? '';
  if (drawn >= prefix.length) Math.random = random;
  return (alphabet.indexOf(letter) + 0.5) / alphabet.length;
};
