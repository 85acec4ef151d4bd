// Parses workflows and actions as GitHub does, with GitHub's own parser, and prints what it objects to.
//
//   node check.mjs FILE...
//
// A file named action.yml is an action, any other one a workflow. Exit code: 0 none has errors, 1 some have, and a
// line `FILE:LINE:COLUMN: MESSAGE` for each error is printed.

import { readFileSync } from "node:fs";
import { register } from "node:module";
import { basename } from "node:path";

register("./json-imports.mjs", import.meta.url);

const parser = "@actions/workflow-parser";
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import(parser);
const { parseAction } = await import(`${parser}/actions/action-parser`);
const { ErrorPolicy } = await import(`${parser}/model/convert`);

const trace = new NoOperationTraceWriter();

async function errorsOf(path) {
  const file = { name: path, content: readFileSync(path, "utf8") };
  const isAction = basename(path) === "action.yml";
  const { context, value } = isAction ? parseAction(file, trace) : parseWorkflow(file, trace);
  if (!isAction && value) {
    // Some errors show only here, for example `needs` of a job that does not exist.
    await convertWorkflowTemplate(context, value, undefined, { errorPolicy: ErrorPolicy.TryConversion });
  }
  return context.errors.getErrors().map(({ range, rawMessage }) => {
    const place = range ? `${range.start.line}:${range.start.column}` : "1:1";
    return `${path}:${place}: ${rawMessage}`;
  });
}

const found = (await Promise.all(process.argv.slice(2).map(errorsOf))).flat();
for (const error of found) {
  console.log(error);
}
process.exitCode = found.length ? 1 : 0;
