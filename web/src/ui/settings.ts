// The dialog of one object: its settings, and removing it.
import type { Field, Kind } from '../objects/kind.ts';
import { longestSetting, type Patch, type PatchObject, type Setting } from '../patch/model.ts';
import { openDialog } from './dialog.ts';
import { h } from './dom.ts';

export function openSettings(patch: Patch, object: PatchObject, kind: Kind): void {
  const entries = kind.fields.map((field) => ({ field, row: fieldRow(patch, object, field) }));
  const look = (): void => {
    for (const { field, row } of entries) row.hidden = !(field.when?.(object.settings) ?? true);
  };
  const form = h('form', { method: 'dialog', class: 'form' }, ...entries.map(({ row }) => row));
  form.addEventListener('change', look);
  look();
  const remove = (): void => {
    dialog.close();
    patch.remove(object.id);
  };
  const duplicate = (): void => {
    dialog.close();
    patch.add(object.kind, object.x + 24, object.y + 24, object.settings);
  };
  form.append(
    h(
      'footer',
      {},
      h('button', { type: 'button', class: 'danger', onclick: remove }, 'Remove'),
      h('button', { type: 'button', onclick: duplicate }, 'Duplicate'),
      h('button', { class: 'primary' }, 'Done'),
    ),
  );
  const dialog = openDialog(`${kind.name}: ${kind.about}`, form);
}

function fieldRow(patch: Patch, object: PatchObject, field: Field): HTMLElement {
  const value = object.settings[field.key];
  const put = (next: Setting): void => patch.set(object.id, field.key, next);
  if (field.choices) return labelled(field, choice(field.choices, String(value), put));
  if (typeof value === 'boolean') {
    const box = h('input', { type: 'checkbox', onchange: () => put(box.checked) });
    box.checked = value;
    return h('label', { class: 'check' }, box, field.label);
  }
  return typeof value === 'number'
    ? labelled(field, numberEntry(field, value, put))
    : labelled(field, textEntry(field, String(value), put));
}

function labelled(field: Field, entry: HTMLElement): HTMLElement {
  return h('label', {}, h('span', {}, field.label), entry);
}

function choice(
  choices: NonNullable<Field['choices']>,
  value: string,
  put: (value: string) => void,
): HTMLElement {
  const select = h(
    'select',
    { onchange: () => put(select.value) },
    ...choices.map(([key, name]) => h('option', { value: key, selected: key === value }, name)),
  );
  return select;
}

function numberEntry(field: Field, value: number, put: (value: number) => void): HTMLElement {
  const entry = h('input', {
    type: 'number',
    step: 'any',
    min: field.min,
    max: field.max,
    value,
    oninput: () => {
      if (entry.validity.valid && entry.value !== '') put(entry.valueAsNumber);
    },
  });
  return entry;
}

function textEntry(field: Field, value: string, put: (value: string) => void): HTMLElement {
  const why = h('small', { class: 'fault' });
  const entry = h('input', {
    value,
    maxlength: longestSetting,
    spellcheck: 'false',
    autocapitalize: 'off',
    autocomplete: 'off',
    oninput: () => {
      const fault = field.fault?.(entry.value);
      why.textContent = fault ?? '';
      entry.setAttribute('aria-invalid', String(fault !== undefined));
      entry.setCustomValidity(fault ?? '');
      if (!fault) put(entry.value);
    },
  });
  return h('span', { class: 'entry-with-fault' }, entry, why);
}
