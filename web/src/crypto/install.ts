/** Before Trystero joins anything: gives it crypto.subtle where the browser hides it. */
export async function installCrypto(): Promise<void> {
  if (globalThis.crypto.subtle) return;
  const { subtle } = await import('./subtle.ts');
  Object.defineProperty(globalThis.crypto, 'subtle', { value: subtle });
}
