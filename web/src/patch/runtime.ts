// Runs a patch: an instance for each object, and messages along the wires, depth first.
import type { Message } from '../messages/message.ts';
import type { Host, Instance, Kind, Net } from '../objects/kind.ts';
import type { Change, Patch, PatchObject, Setting } from './model.ts';

const mostDeliveries = 5_000; // for one message; more can only be wires in a ring
const deepest = 200;

interface Running {
  instance: Instance;
  host: Host;
  changed: () => void;
}

export class Runtime {
  #running = new Map<number, Running>();
  #depth = 0;
  #deliveries = 0;

  /** `onRing` is told once per message that went round and was dropped. */
  constructor(
    readonly patch: Patch,
    private readonly kinds: ReadonlyMap<string, Kind>,
    private readonly net: Net,
    private readonly onRing: () => void,
    private readonly notice: (text: string) => void,
  ) {
    patch.onChange((change) => this.#follow(change));
  }

  running(id: number): Running | undefined {
    return this.#running.get(id);
  }

  #follow(change: Change): void {
    if (change.what === 'added') this.#start(change.object);
    if (change.what === 'set') this.#settingsChanged(change.object.id);
    if (change.what === 'removed') {
      this.#running.get(change.object.id)?.instance.stop?.();
      this.#running.delete(change.object.id);
    }
  }

  #settingsChanged(id: number): void {
    const one = this.#running.get(id);
    one?.instance.settingsChanged?.();
    one?.changed();
  }

  #start(object: PatchObject): void {
    const kind = this.kinds.get(object.kind);
    if (!kind) return;
    const listeners = new Set<() => void>();
    const changed = (): void => listeners.forEach((listener) => listener());
    const host: Host = {
      get settings() {
        return object.settings;
      },
      set: (key: string, value: Setting) => this.patch.set(object.id, key, value),
      emit: (message: Message) => this.#emit(object.id, message),
      changed,
      onChange: (listener) => void listeners.add(listener),
      net: this.net,
      notice: this.notice,
    };
    this.#running.set(object.id, { instance: kind.create(host), host, changed });
  }

  #emit(from: number, message: Message): void {
    if (this.#depth === 0) this.#deliveries = 0;
    if (this.#depth >= deepest) return this.#cut();
    this.#depth++;
    try {
      for (const { to } of this.patch.wires.filter((wire) => wire.from === from)) {
        if (++this.#deliveries > mostDeliveries) return this.#cut();
        this.#running.get(to)?.instance.receive?.(message);
      }
    } finally {
      this.#depth--;
    }
  }

  #cut(): void {
    // Once a message: the count is past its bound until the outermost emit begins anew.
    if (this.#deliveries <= mostDeliveries + 1) this.onRing();
    this.#deliveries = mostDeliveries + 2;
  }
}
