export const checkTakeover = async (x) => {}
