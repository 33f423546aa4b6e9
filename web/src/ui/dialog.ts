// Modal dialogs: one at a time, closed by Esc, by the button or by a click beside it.
import { h, icon } from './dom.ts';

export function openDialog(title: string, ...children: Node[]): HTMLDialogElement {
  const dialog = h('dialog', { class: 'sheet', 'aria-label': title });
  const close = h(
    'button',
    { type: 'button', class: 'quiet', 'aria-label': 'close', onclick: () => dialog.close() },
    icon('close'),
  );
  dialog.append(h('header', {}, h('h2', {}, title), close), ...children);
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  // The browser gives the focus back to where it was.
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
