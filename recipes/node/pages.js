#!/usr/bin/env node
// The documentation of an HTTP API as a folder of pages, out of its OpenAPI (Swagger) description.
//
// In:  $INPUT_FILE_PATH                    the description, as JSON: Swagger 2 or OpenAPI 3
// Out: $TMP_OUTPUT_DIR/index.html          what the API is, and its operations
//      $TMP_OUTPUT_DIR/operations/*.html   a page for each operation, with its parameters and answers
'use strict'

const fs = require('node:fs')
const path = require('node:path')

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

function stop (message) {
  console.error(message)
  process.exit(1)
}

function variable (name, meaning) {
  return process.env[name] || stop(`${name} is not set: ${meaning}`)
}

function escape (text) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return String(text ?? '').replace(/[&<>"]/g, (character) => entities[character])
}

function page (title, body) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(title)}</title>
<h1>${escape(title)}</h1>
${body.filter(Boolean).join('\n')}
</html>
`
}

function table (names, rows) {
  if (rows.length === 0) return ''
  const line = (kind, cells) => `<tr>${cells.map((cell) => `<${kind}>${escape(cell)}</${kind}>`).join('')}</tr>`
  return ['<table>', line('th', names), ...rows.map((row) => line('td', row)), '</table>'].join('\n')
}

// A description may say a thing once and refer to it: "#/components/parameters/Id".
function resolve (api, value) {
  if (!value?.$ref?.startsWith('#/')) return value ?? {}
  const names = value.$ref.slice(2).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return names.reduce((inner, name) => inner?.[name], api) ?? {}
}

function operations (api) {
  return Object.entries(api.paths ?? {}).flatMap(([route, item]) =>
    methods.filter((method) => item[method]).map((method) => ({
      title: `${method.toUpperCase()} ${route}`,
      name: `${method}${route.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '')}`,
      summary: item[method].summary,
      description: item[method].description,
      parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((one) => resolve(api, one)),
      responses: Object.entries(item[method].responses ?? {}).map(([status, one]) => [status, resolve(api, one)])
    })))
    // Routes that differ in their punctuation alone still have pages of their own.
    .map((operation, index) => ({ ...operation, file: `operations/${index + 1}-${operation.name}.html` }))
}

function operationPage (operation) {
  const parameters = operation.parameters.map((one) =>
    [one.name, one.in, one.schema?.type ?? one.type ?? '', one.required ? 'yes' : 'no', one.description])
  const responses = operation.responses.map(([status, one]) => [status, one.description])
  return page(operation.title, [
    operation.summary && `<p><strong>${escape(operation.summary)}</strong></p>`,
    operation.description && `<p>${escape(operation.description)}</p>`,
    table(['parameter', 'in', 'type', 'required', ''], parameters),
    table(['answer', ''], responses),
    '<p><a href="../index.html">All operations</a></p>'
  ])
}

const input = variable('INPUT_FILE_PATH', 'this function wants an OpenAPI description, uploaded to its input bucket')
const output = variable('TMP_OUTPUT_DIR', 'it names the folder that is uploaded')

let api
try {
  api = JSON.parse(fs.readFileSync(input, 'utf8'))
} catch (error) {
  stop(`${path.basename(input)} is not JSON: ${error.message}`)
}
if (!api?.swagger && !api?.openapi) stop(`${path.basename(input)} is no OpenAPI description: it names no version of it`)

const all = operations(api)
fs.mkdirSync(path.join(output, 'operations'), { recursive: true })
const title = `${api.info?.title ?? 'API'} ${api.info?.version ?? ''}`.trim()
fs.writeFileSync(path.join(output, 'index.html'), page(title, [
  api.info?.description && `<p>${escape(api.info.description)}</p>`,
  '<ul>',
  ...all.map((one) => `<li><a href="${one.file}">${escape(one.title)}</a> ${escape(one.summary)}</li>`),
  '</ul>'
]))
for (const operation of all) fs.writeFileSync(path.join(output, operation.file), operationPage(operation))
console.log(`${all.length} operations`)
