export const boards: number = 3;
