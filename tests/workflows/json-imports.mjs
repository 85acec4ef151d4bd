// A hook for Node's module loader: the parser imports JSON as bundlers allow it, without `with { type: "json" }`.

export function load(url, context, nextLoad) {
  const importAttributes = url.endsWith(".json") ? { type: "json" } : context.importAttributes;
  return nextLoad(url, { ...context, importAttributes });
}
