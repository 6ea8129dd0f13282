"""The ground floor: values and rules, with no clock, environment, disk or network of their own."""
