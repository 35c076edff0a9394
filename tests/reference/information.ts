/** Reference of what a column says of the label, by loops over all pairs of rows. */

/** Mean entropy of the labels that `labelOf` gives to the rows of each value; values that occur once are left out. */
function conditionalEntropy(codes: readonly number[], labelOf: (row: number, count: number) => number): number {
  let entropy = 0;
  for (const value of new Set(codes)) {
    const rows = codes.flatMap((code, row) => code === value ? [row] : []);
    if (rows.length < 2) continue;
    const labels = rows.map((row) => labelOf(row, rows.length));
    for (const label of new Set(labels)) {
      const share = labels.filter((other) => other === label).length / rows.length;
      entropy -= rows.length / codes.length * share * Math.log(share);
    }
  }
  return entropy;
}

/** H'(Y|X) - H(Y|X), where H' takes the label as many rows further as the value of the row occurs. */
export function correctedInformation(codes: readonly number[], labels: readonly number[]): number {
  const others = conditionalEntropy(codes, (row, count) => labels[(row + count) % labels.length]);
  return others - conditionalEntropy(codes, (row) => labels[row]);
}
