// In place of the page, where it cannot be.
import { h } from './dom.ts';

export const noWebRtc =
  'This browser has no WebRTC, by which peers reach each other, or it is switched off. Chromium, Chrome, Edge, Safari and Firefox have it (in Firefox: media.peerconnection.enabled in about:config); browsers made of Debian’s WebKitGTK have not.';

export function showBroken(title: string, detail: string): void {
  document.body.replaceChildren(
    h('main', { class: 'broken', role: 'alert' }, h('h1', {}, title), h('p', {}, detail)),
  );
}
