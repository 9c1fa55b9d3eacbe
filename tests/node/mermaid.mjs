// Reads {"name", "text"} a line; says for each whether Mermaid's own parser accepts it.
import { createInterface } from 'node:readline'
import { JSDOM } from 'jsdom'

globalThis.window = new JSDOM('').window
globalThis.document = window.document
const { default: mermaid } = await import('mermaid')

for await (const line of createInterface({ input: process.stdin })) {
  const { name, text } = JSON.parse(line)
  try {
    const { diagramType } = await mermaid.parse(text)
    console.log(JSON.stringify({ name, type: diagramType, error: null }))
  } catch (error) {
    console.log(JSON.stringify({ name, type: null, error: String(error.message ?? error) }))
  }
}
