// What the process that serves this page says about itself.

export interface SiteConfig {
  version: string;
  appId: string;
  publicRelays: boolean;
  /** Undefined: those that Trystero uses. */
  iceServers: string[] | undefined;
  /** The room that the process is in. */
  room: string | undefined;
}

export async function loadConfig(): Promise<SiteConfig> {
  let json: unknown;
  try {
    const response = await fetch('config.json');
    json = response.ok ? await response.json() : undefined;
  } catch {
    json = undefined;
  }
  return readConfig(json);
}

/** A missing or wrong entry is the default. */
export function readConfig(json: unknown): SiteConfig {
  const given = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const text = (key: string): string | undefined => {
    const value = given[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const servers = given['iceServers'];
  const areServers = Array.isArray(servers) && servers.every((one) => typeof one === 'string');
  return {
    version: text('version') ?? '',
    appId: text('appId') ?? 'patchies',
    publicRelays: given['publicRelays'] !== false,
    iceServers: areServers ? (servers as string[]) : undefined,
    room: text('room'),
  };
}
