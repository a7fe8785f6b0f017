"""What happens in one step of training and around it."""
