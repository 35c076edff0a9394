/** Reads what its arguments ask for, a query and a database, and prints what the data set holds, or the error. */
import { readSql } from "../../src/data/sql.ts";
import { categorical, numeric } from "../../src/data/schema.ts";

const [query, database] = Deno.args;
const schema = { label: "click", features: [categorical("user"), numeric("price", { scale: "none" as const })] };
try {
  const data = await readSql(query, schema, { database });
  const { vocabulary } = data.schema.fields[0];
  console.log(JSON.stringify({ rows: data.rows, vocabulary, values: [...data.values!].slice(data.rows) }));
} catch (error) {
  console.log(JSON.stringify(String(error)));
}
