// Two strategies, and a row that is allowed to name one.
const strategy_row all[] = {
    {.name = "walks", .description = "every execution"},
    {.name = "draws-some", .description = "some of them"},
};
