// A link as a QR code, for the phone beside.
import { encode } from 'uqr';
import { h, svg } from './dom.ts';

/** What a phone still reads off a screen; a patch with many objects makes a longer link. */
const longest = 1000; // bytes

export function code(link: string): Node[] {
  if (new TextEncoder().encode(link).length > longest)
    return [h('p', { class: 'hint' }, 'The link is too long for a QR code.')];
  const { size, data } = encode(link, { ecc: 'L', border: 4 });
  let path = '';
  data.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    }),
  );
  return [
    svg(
      'svg',
      { class: 'code', role: 'img', 'aria-label': 'QR code', viewBox: `0 0 ${size} ${size}` },
      svg('path', { d: path }),
    ),
  ];
}
