// Chromium asks the person before a page from the internet may open a WebSocket to an address on the
// local network. It connects first and asks then, so the relay may have hung up when leave is given.

/** By version of the browser; a name that it does not know is refused with a TypeError. */
const names = ['local-network-access', 'local-network', 'loopback-network'];

/** Of the browser: navigator.permissions, which is absent where pages are not secure. */
export interface Permissions {
  query(descriptor: { name: string }): Promise<{
    readonly state: string;
    addEventListener(type: 'change', listener: () => void): void;
  }>;
}

export class LocalNetwork {
  #states = new Map<string, string>();

  /** `onGranted` is called whenever the person has given leave. */
  constructor(
    permissions: Permissions | undefined,
    private readonly onGranted: () => void,
  ) {
    for (const name of names) if (permissions) void this.#watch(permissions, name);
  }

  /** 'asked' while the question is open, 'denied' when the answer was no; undefined where nobody asks. */
  get state(): 'asked' | 'denied' | undefined {
    const states = [...this.#states.values()];
    if (states.includes('denied')) return 'denied';
    return states.includes('prompt') ? 'asked' : undefined;
  }

  async #watch(permissions: Permissions, name: string): Promise<void> {
    try {
      const status = await permissions.query({ name });
      this.#states.set(name, status.state);
      status.addEventListener('change', () => {
        this.#states.set(name, status.state);
        if (status.state === 'granted') this.onGranted();
      });
    } catch {
      // This browser does not ask for it.
    }
  }
}

/** Whether a page of `location` may come from the internet; browsers ask no other page. */
export function mayBePublic({ protocol, hostname }: { protocol: string; hostname: string }): boolean {
  const isAddress = /^[\d.]+$|^\[/.test(hostname);
  const isLocalName = !hostname.includes('.') || /\.(local|localhost|home\.arpa|lan)$/.test(hostname);
  return protocol === 'https:' && !isAddress && !isLocalName;
}
