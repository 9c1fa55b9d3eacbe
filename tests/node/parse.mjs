// Reads the documents named as arguments with the official AsyncAPI parser; prints one line of JSON for each.
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';

const parser = new Parser();
for (const path of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(await readFile(path, 'utf8'), { source: path });
  const errors = diagnostics.filter((found) => found.severity === 0).map((found) => `${found.path.join('/')}: ${found.message}`);
  console.log(JSON.stringify({ path, accepted: document !== undefined, errors }));
}
