"""What contracts say about money: amounts, agreed terms, statements. Standard library only."""
