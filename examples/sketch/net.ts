/** The net of the pack that reads what was drawn. */
export const net = "lines";
