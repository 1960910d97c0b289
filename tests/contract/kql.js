"use strict";
/*
 * Binds queries of the Kusto Query Language to tables, by Microsoft's own language service.
 *
 * node kql.js NODE_MODULES < [{"tables": {NAME: "(COLUMN: TYPE, ...)"}, "query": TEXT}, ...]; answers for each query
 * {"problems": ["SEVERITY: WORDS", ...], "columns": {NAME: TYPE}}.
 */
const [, , modules] = process.argv;
for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  require(`${modules}/@kusto/language-service-next/${file}`);
}
const { GlobalState, KustoCode, Symbols } = global.Kusto.Language;

function listed(some) {
  const found = [];
  for (const all = global.Bridge.getEnumerator(some); all.moveNext();) {
    found.push(all.Current);
  }
  return found;
}

const known = new Map();

function globals(tables) {
  const name = JSON.stringify(tables);
  if (!known.has(name)) {
    known.set(name, made(tables));
  }
  return known.get(name);
}

function made(tables) {
  const symbols = Object.entries(tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null));
  const all = global.System.Array.init(symbols, Symbols.TableSymbol);
  return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("logs", all, false));
}

function bound({ tables, query }) {
  const code = KustoCode.ParseAndAnalyze(query, globals(tables));
  const shape = code.ResultType && code.ResultType.Columns ? listed(code.ResultType.Columns) : [];
  return {
    problems: listed(code.GetDiagnostics()).map((one) => `${one.Severity}: ${one.Message}`),
    columns: Object.fromEntries(shape.map((column) => [column.Name, column.Type.Name])),
  };
}

const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(given.map(bound)));
