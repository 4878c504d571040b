export const checkTransactionTools = async (x) => {}
export const checkTransactionFiles = async (x) => {}
