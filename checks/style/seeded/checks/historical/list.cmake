triecheck_defect(1 shown_by_its_test pins "what it does")
triecheck_defect(3 shown_by_its_test pins "what it does")
