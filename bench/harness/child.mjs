// Runs one bench in a process of its own: node child.mjs MODULE OPTIONS-AS-JSON. The module's `run`
// gets the options and its answer goes back to the parent as one message.
import process from 'node:process';
import { pathToFileURL } from 'node:url';

// Where the parent goes, this process has nobody to answer and must not stay behind.
process.once('disconnect', () => process.exit());

const [, , modulePath = '', options = '{}'] = process.argv;
const { run } = await import(pathToFileURL(modulePath).href);
const answer = await run(JSON.parse(options));
process.send?.(answer);
process.disconnect?.();
