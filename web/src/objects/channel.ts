// What netsend and netrecv share: the channel, renamed by message or by hand.
import { channelFault } from '../messages/message.ts';
import { h } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import type { Field, Host } from './kind.ts';

export const channelField: Field = { key: 'channel', label: 'Channel' };

export function setChannel(host: Host, channel: string): void {
  const fault = channelFault(channel);
  if (fault) host.notice(`Not renamed to “${channel.slice(0, 40)}”. ${fault}`);
  else host.set('channel', channel);
}

/** The channel's name to type over, and how much has passed. */
export function channelEntry(host: Host, count: () => string): HTMLElement {
  const entry = h('input', {
    class: 'entry',
    'aria-label': 'channel',
    spellcheck: 'false',
    autocapitalize: 'off',
    autocomplete: 'off',
  });
  const shown = h('span', { class: 'count' });
  const commit = (): void => {
    const fault = channelFault(entry.value);
    entry.setAttribute('aria-invalid', String(fault !== undefined));
    if (fault) {
      host.notice(fault);
      entry.value = String(host.settings['channel']);
    } else host.set('channel', entry.value);
  };
  entry.addEventListener('change', commit);
  const draw = onFrame(() => {
    if (document.activeElement !== entry) entry.value = String(host.settings['channel']);
    shown.textContent = count();
  });
  entry.value = String(host.settings['channel']);
  draw();
  host.onChange(draw);
  // Renamed by message while the cursor stands in it: the new name is shown all the same.
  let last = host.settings['channel'];
  host.onChange(() => {
    if (host.settings['channel'] !== last) entry.value = String((last = host.settings['channel']));
  });
  return h('div', { class: 'row' }, entry, shown);
}
