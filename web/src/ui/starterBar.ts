// What to begin with, above a patch that nobody has changed yet.
import { starters, type Starter } from '../patch/starters.ts';
import { h } from './dom.ts';

export function starterBar(choose: (starter: Starter) => void): HTMLElement {
  const buttons = starters.map((starter, index) =>
    h(
      'button',
      {
        type: 'button',
        title: starter.about,
        'aria-pressed': String(index === 0),
        onclick: () => {
          for (const one of buttons)
            one.setAttribute('aria-pressed', String(one === buttons[index]));
          choose(starter);
        },
      },
      starter.name,
    ),
  );
  return h(
    'nav',
    { class: 'starters', 'aria-label': 'start with' },
    h('span', {}, 'Start with'),
    ...buttons,
  );
}
