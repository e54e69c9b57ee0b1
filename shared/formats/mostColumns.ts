/** Columns a table may have (its schema is kept in one DynamoDB item); more are keys or cells that are data. */
export const mostColumns = 2000;
