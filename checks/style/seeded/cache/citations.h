#pragma once

// Defined: I1, N2, defect 1, defects 1, 2 and 3, fault 3 of the catalogue. Other words:
// IN4, I_5, fault 7, 33 defects, N/9.
// Not defined: I2 (caught by citations)
// (I1, I10; caught by citations)
// N3: caught by citations
// defect 4, caught by citations
// defects 1, 2, 33: caught by citations
// fault 45 of the catalogue, caught by citations
