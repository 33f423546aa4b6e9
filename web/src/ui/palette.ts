// Ctrl/Cmd+K: every command by name, and `netsend osc` typed in full adds just that.
import { openDialog } from './dialog.ts';
import { h } from './dom.ts';

export interface Command {
  title: string;
  /** In grey beside the title. */
  hint?: string;
  /** Other words that find it. */
  words?: string;
  run(): void;
}

/** `typed` gives further commands for a text, first in the list; `byKey`: there is a keyboard. */
export function openPalette(
  commands: readonly Command[],
  typed: (text: string) => Command[],
  byKey: boolean,
): void {
  let shown: Command[] = [];
  let at = 0;
  // On a phone the keyboard on the screen would cover the commands; who wants it taps the field.
  const withoutKeyboard = !byKey && matchMedia('(hover: none)').matches;
  const list = h('ul', {
    class: 'commands',
    tabindex: -1,
    autofocus: withoutKeyboard,
    role: 'listbox',
    id: 'commands',
    'aria-label': 'commands',
  });
  const entry = h('input', {
    class: 'search',
    role: 'combobox',
    placeholder: 'Add an object or do something…',
    'aria-label': 'command',
    'aria-expanded': 'true',
    'aria-controls': 'commands',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    autofocus: !withoutKeyboard,
    oninput: () => {
      at = 0;
      look();
    },
  });
  const dialog = openDialog('Commands', entry, list);
  dialog.classList.add('palette');
  // Wherever the focus is: a keyboard may be there after all, and nothing typed may be lost.
  dialog.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') select(at + 1);
    else if (event.key === 'ArrowUp') select(at - 1);
    else if (event.key === 'Enter') choose(shown[at]);
    else if (event.key.length === 1 || event.key === 'Backspace') return entry.focus();
    else return;
    event.preventDefault();
  });
  const choose = (command: Command | undefined): void => {
    if (!command) return;
    dialog.close();
    // After the dialog has given the focus back, so that the command may set it.
    dialog.remove();
    command.run();
  };
  const look = (): void => {
    shown = [...typed(entry.value.trim()), ...commands.filter((one) => fits(one, entry.value))];
    list.replaceChildren(
      ...shown.map((command, index) =>
        h(
          'li',
          { role: 'option', id: `command-${index}`, onclick: () => choose(command) },
          h('span', {}, command.title),
          h('span', { class: 'hint' }, command.hint ?? ''),
        ),
      ),
    );
    if (shown.length === 0) list.append(h('li', { class: 'empty' }, 'No such command'));
    select(at);
  };
  const select = (index: number): void => {
    at = shown.length === 0 ? 0 : (index + shown.length) % shown.length;
    [...list.children].forEach((item, place) => {
      item.setAttribute('aria-selected', String(place === at && shown.length > 0));
      if (place === at) item.scrollIntoView({ block: 'nearest' });
    });
    entry.setAttribute('aria-activedescendant', `command-${at}`);
  };
  look();
}

/** Every word typed begins a word of the command, or stands in its title. */
function fits({ title, hint, words }: Command, text: string): boolean {
  const all = `${title} ${hint ?? ''} ${words ?? ''}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
