// startSite() in a process of its own, for a network namespace: node site-process.mjs ADDRESS
import { startSite } from './site.mjs';

const site = await startSite({ address: process.argv[2] });
console.log(site.url);
process.stdin.resume().on('end', () => site.stop());
