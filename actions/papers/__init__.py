"""Credit note and corrected invoice as PDF, in the customer's language."""
